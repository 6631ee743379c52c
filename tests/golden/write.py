"""Write the goldens: `python -m tests.golden.write [area/name | area]`; all of them when nothing is named."""

import sys

from tests.golden.cases import CASES, text


def main(asked: str) -> int:
    """Write the goldens of the cases whose name begins with `asked`; return how many names that is, as an exit code."""
    chosen = [case for case in CASES if f"{case}/".startswith(f"{asked.rstrip('/')}/") or not asked]
    for case in chosen:
        case.golden.write_text(text(case), encoding="utf-8")
    sys.stdout.write(f"{len(chosen)} goldens written\n")
    return 0 if chosen else 1


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:2])))
