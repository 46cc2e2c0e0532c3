"""`peers.py DATA SERIES ROUNDS`: a line of name and nanoseconds a sample for each peer, the sum of the medians of its
parts, as `bench times`. DATA holds SERIES series of equal length as little-endian f64."""

import sys
import time

import bottleneck
import numpy
import pandas
from numpy.lib.stride_tricks import sliding_window_view

WINDOW = 60
LONG_WINDOW = 1_440


def enough(window):
    return max(3, (window + 1) // 2)


def pandas_rolling(values):
    samples = pandas.Series(values)
    windows = samples.rolling(WINDOW, min_periods=enough(WINDOW))
    mean, std = windows.mean().shift(), windows.std(ddof=0).shift()
    return ((samples - mean).abs() / std).to_numpy()


def bottleneck_rolling(values):
    mean = bottleneck.move_mean(values, WINDOW, enough(WINDOW))[:-1]
    std = bottleneck.move_std(values, WINDOW, enough(WINDOW))[:-1]
    return numpy.abs(values[1:] - mean) / std


def bottleneck_median(window):
    return lambda values: bottleneck.move_median(values, window, enough(window))


def numpy_deviations(values):
    windows = sliding_window_view(values, WINDOW)
    median = numpy.median(windows, axis=1)
    return numpy.median(numpy.abs(windows - median[:, None]), axis=1)


# Name, work on one series, and how many series of how many rounds: slow ones need no more to be measured.
PEERS = [
    ("pandas rolling", pandas_rolling, 91, 1.0),
    ("bottleneck rolling", bottleneck_rolling, 91, 1.0),
    (f"bottleneck median {WINDOW}", bottleneck_median(WINDOW), 91, 1.0),
    (f"bottleneck median {LONG_WINDOW}", bottleneck_median(LONG_WINDOW), 91, 1.0),
    (f"numpy deviations {WINDOW}", numpy_deviations, 12, 0.3),
]


def main():
    path, series, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    data = numpy.fromfile(path, dtype="<f8").reshape(series, -1)
    for name, work, parts, share in PEERS:
        part = data[:parts]
        times = numpy.empty((max(3, round(rounds * share)), len(part)))
        for row in times:
            for at, values in enumerate(part):
                start = time.perf_counter()
                work(values)
                row[at] = time.perf_counter() - start
        print(f"{name}\t{numpy.median(times, axis=0).sum() * 1e9 / part.size}")


main()
