"""Where the program begins: before anything else is imported."""

import signal


def main() -> None:
    """Run the command line."""
    # The imports take a while. Ctrl-C within it ends the process, without a traceback.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from fleetgauge import cli

    signal.signal(signal.SIGINT, before)
    cli.main()
