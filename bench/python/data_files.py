"""Writes the rows of a data set as train.csv and test.csv (text, label), and prints their paths: what both sides read."""
import argparse
import csv
import os

import common

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True)
parser.add_argument("--output", required=True, metavar="DIR")
options = parser.parse_args()
train, test, _ = common.data_set(options.data, "test")
paths = {}
for name, rows in (("train", train), ("test", test)):
    paths[name] = os.path.join(options.output, f"{name}.csv")
    with open(paths[name], "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(("text", "label"))
        writer.writerows(rows)
common.emit(paths)
