"""Who watches: the live board and the day's figures."""
