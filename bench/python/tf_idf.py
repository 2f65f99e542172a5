"""scikit-learn's TF-IDF and logistic regression; writes the probabilities of the test texts as float64, row by row.

They are those at the minimum (tol=1e-8). With its default, 1e-4, the solver stops before; that accuracy is printed.

`words`: the defaults of TfidfVectorizer and LogisticRegression. `words and characters`: words by ones and twos, characters of
words by two to four, counts as 1 + log(count), C = 10.
"""
import argparse

import common

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--train", required=True, metavar="FILE", help="JSON lines with text and label")
parser.add_argument("--test", required=True, metavar="FILE")
parser.add_argument("--kind", choices=("words", "words and characters"), required=True)
parser.add_argument("--output", required=True, metavar="FILE")
options = parser.parse_args()

from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline, make_union  # noqa: E402

texts, labels = common.read_labelled(options.train)
if options.kind == "words":
    terms, strength = TfidfVectorizer(), 1.0
else:
    terms, strength = make_union(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
                                 TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)), 10.0
tests, gold = common.read_labelled(options.test)
by_default = make_pipeline(terms, LogisticRegression(C=strength, max_iter=1000)).fit(texts, labels)
at_minimum = make_pipeline(terms, LogisticRegression(C=strength, max_iter=10_000, tol=1e-8)).fit(texts, labels)
probabilities = at_minimum.predict_proba(tests)
probabilities.astype("<f8").tofile(options.output)
common.emit({"event": "tf-idf", "accuracy": by_default.score(tests, gold),
             "gap": float(abs(by_default.predict_proba(tests) - probabilities).max())})
