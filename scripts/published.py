"""Distils the thesis's published results into src/thesis/published.json.

    python3 scripts/published.py FOLDER [> src/thesis/published.json]

FOLDER holds the CSV files of the thesis's repository (github.com/harshildarji/thesis, MIT licence) under the names
pruning_CELL.csv, structure_CELL.csv, importance_CELL.csv and r_squared.csv, CELL being rnn_tanh, rnn_relu, lstm or gru.
Accuracies and scores are rounded to 5 decimals. The published losses are sums over batches; they are divided here by
the number of batches, so that they are comparable for any number of strings. A series is written as one text of
numbers separated by blanks, so that it stays on one line. Standard library only.
"""

import csv
import json
import math
import statistics
import sys

CELLS = {"rnn-tanh": "rnn_tanh", "rnn-relu": "rnn_relu", "lstm": "lstm", "gru": "gru"}
TARGETS = {"both": "prune", "i2h": "prune_i2h", "h2h": "prune_h2h"}
FAMILIES = ["barabasi_albert", "watts_strogatz"]
REGRESSORS = {
    "bayesian-ridge": "BayesianRidge",
    "random-forest": "RandomForestRegressor",
    "adaboost": "AdaBoostRegressor",
}
# 18,750 training and 6,250 test strings in batches of 32, the last one short.
TRAINING_BATCHES, TEST_BATCHES = 586, 196
# Properties that the thesis calls essential, kept per graph for joint plots.
JOINT = ["nodes", "source_nodes", "degree_var", "closeness_var", "nodes_betweenness_var"]


def rows(folder, name):
    with open(f"{folder}/{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def fixed(text):
    """A score with 5 decimals, as short as JSON can write it."""
    value = round(float(text), 5)
    return int(value) if value == int(value) else value


def significant(text, digits):
    value = float(f"{float(text):.{digits}g}")
    return int(value) if value == int(value) else value


def series(values):
    return " ".join(str(value) for value in values)


def pruning(folder, file):
    table = rows(folder, f"pruning_{file}")
    base = sorted((row for row in table if row["prune"] == "0"), key=lambda row: int(row["epoch"]))
    assert [int(row["epoch"]) for row in base] == list(range(1, 51))
    result = {
        "trainLoss": series(significant(float(row["train_loss"]) / TRAINING_BATCHES, 3) for row in base),
        "trainAccuracy": series(fixed(row["train_acc"]) for row in base),
        "testLoss": series(significant(float(row["test_loss"]) / TEST_BATCHES, 3) for row in base),
        "testAccuracy": series(fixed(row["test_acc"]) for row in base),
    }
    pruned = {}
    for target, mode in TARGETS.items():
        pruned[target] = {}
        for percent in range(10, 101, 10):
            chosen = [row for row in table if row["mode"] == f"{file}_{mode}" and row["prune"] == str(percent)]
            chosen.sort(key=lambda row: int(row["epoch"]))
            assert [int(row["epoch"]) for row in chosen] == list(range(11))
            pruned[target][str(percent)] = series(fixed(row["test_acc"]) for row in chosen)
    return {"base": result, "pruned": pruned}


def pearson(x, y):
    mean_x, mean_y = statistics.fmean(x), statistics.fmean(y)
    covariance = math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y))
    spread = math.sqrt(math.fsum((a - mean_x) ** 2 for a in x) * math.fsum((b - mean_y) ** 2 for b in y))
    return covariance / spread


def structures(folder, file, r_squared):
    table = rows(folder, f"structure_{file}")
    accuracy = [float(row["test_acc"]) for row in table]
    names = list(table[0])
    properties = names[names.index("layers") : names.index("test_acc")]
    importance = {row["feature"]: row for row in rows(folder, f"importance_{file}")}
    families = {}
    for family in FAMILIES:
        chosen = [row for row in table if row["graph"] == family]
        families[family] = {
            "accuracy": series(fixed(row["test_acc"]) for row in chosen),
            **{name: series(significant(row[name], 3) for row in chosen) for name in JOINT},
        }
    return {
        "families": families,
        "pearson": {name: fixed(pearson([float(row[name]) for row in table], accuracy)) for name in properties},
        "rSquared": {name: fixed(r_squared[column]) for name, column in REGRESSORS.items()},
        "importance": {
            name: {feature: fixed(row[column]) for feature, row in importance.items()}
            for name, column in REGRESSORS.items()
        },
    }


def main(folder):
    scores = {row["mode"].lower(): row for row in rows(folder, "r_squared")}
    json.dump(
        {
            "source": "Harshil Darji, Investigating Sparsity in Recurrent Neural Networks, arXiv 2407.20601 (2021); "
            "results from github.com/harshildarji/thesis, MIT licence",
            "pruning": {cell: pruning(folder, file) for cell, file in CELLS.items()},
            "structures": {cell: structures(folder, file, scores[file]) for cell, file in CELLS.items()},
        },
        sys.stdout,
        indent=2,
    )
    print()


if __name__ == "__main__":
    main(sys.argv[1])
