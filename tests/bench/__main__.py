"""`make bench`: figures, never a verdict. Each part is bounded in time."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.offers import bench_offers
from tests.bench.promises import bench_promises
from tests.bench.turns import bench_turns


def main() -> int:
    """Run what is named on the command line, or everything."""
    parts = {"turns": bench_turns, "offers": bench_offers, "promises": bench_promises}
    for name in sys.argv[1:] or parts:
        parts[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
