"""Let `python -m sfterritory` do what the `sfterritory` command does."""

from sfterritory.cli.main import main

if __name__ == "__main__":
    main()
