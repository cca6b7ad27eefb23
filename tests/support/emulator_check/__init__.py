"""The emulator's own check: that it refuses what AWS refuses, and that faults and records are as they say.

Run as the README beside this folder says. Each class starts an emulator of its own; no test waits by sleeping.
"""
