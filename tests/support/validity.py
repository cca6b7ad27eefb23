#!/usr/bin/env python3
"""Says how many requests of the tests fit AWS's own models, and ends with 1 if one did not.

    tests/support/validity.py http://127.0.0.1:PORT
"""

import json
import sys
import urllib.request


def main() -> int:
    with urllib.request.urlopen(sys.argv[1] + "/_groundwork/validity") as answer:
        said = json.load(answer)
    invalid = said["invalid"]
    for one in invalid:
        print(f"{one['operation']}: {one['why']}", file=sys.stderr)
    asked = len(said["operations"])
    print(f"{said['requests']} requests of {asked} operations: {len(invalid)} do not fit botocore's models")
    return 1 if invalid or not said["requests"] else 0


if __name__ == "__main__":
    sys.exit(main())
