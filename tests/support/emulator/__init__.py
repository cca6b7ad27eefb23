"""An AWS emulator for tests: moto, run in this process behind a layer of our own.

moto keeps the accounts' data. The layer around it refuses what AWS refuses, adds the few calls that
moto lacks, keeps a record of every call, and can lose, hold, delay or fail a call on demand, because
those are the moments that the tests are about and no emulator offers them.
"""
