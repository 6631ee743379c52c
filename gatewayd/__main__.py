"""`python -m gatewayd` is `gatewayd`."""

from gatewayd.cli.main import run

if __name__ == "__main__":
    run()
