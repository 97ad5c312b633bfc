# A kitchen timer for the terminal.
#
#     python kitchen_timer.py 4:30 eggs

import sys
import time


def seconds(text):
    """Return the seconds of "90", "4:30" or "1:15:00"."""
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total


def count_down(left, label):
    # \r goes back to the beginning of the line, so that the clock stays put.
    while left >= 0:
        print(f"\r{label} {left // 60:02d}:{left % 60:02d}", end="", flush=True)
        time.sleep(1)
        left -= 1
    print("\a\nDone:", label)


if __name__ == "__main__":
    count_down(seconds(sys.argv[1]), " ".join(sys.argv[2:]) or "timer")
