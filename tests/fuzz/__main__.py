"""`python -m tests.fuzz`: any number of inputs, each nearly right, for everything that reads what strangers send."""

import argparse
import random
import sys

from tests.fuzz.campaign import Campaign
from tests.fuzz.targets import TARGETS


def main(arguments: list[str]) -> int:
    """0 if no law was broken; 1 if one was, with its input in tests/fuzz/crashes; 130 if interrupted before."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many, over all targets")
    parser.add_argument("--seconds", type=float, default=1200, help="ends then, whatever is left")
    parser.add_argument("--seed", help="a whole number: the same inputs again; by default another one each time")
    parser.add_argument("--target", choices=sorted(TARGETS), action="append", help="only this; may be given again")
    options = parser.parse_args(arguments)
    seed = int(options.seed) if options.seed else random.randrange(10**6)
    print(f"SEED={seed}", flush=True)
    campaign = Campaign({name: TARGETS[name] for name in options.target or TARGETS}, seed)
    ended = campaign.run(options.inputs, options.seconds)
    campaign.say_summary(ended)
    return 1 if campaign.crashes else 130 if ended == "interrupted" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
