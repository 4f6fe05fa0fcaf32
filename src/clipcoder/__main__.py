"""``python -m clipcoder`` is the command line."""

from clipcoder.cli import main

if __name__ == "__main__":
    main()
