"""gensim's Word2Vec with its defaults on texts that are split by blanks; prints seconds of training and cosines of pairs."""
import argparse
import json
import time

import common

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--texts", required=True, metavar="FILE", help="a text a line, whose words are all kept")
parser.add_argument("--pairs", required=True, metavar="FILE", help="JSON: pairs of words")
parser.add_argument("--method", choices=("skip-gram", "cbow"), required=True)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()

from gensim.models import Word2Vec  # noqa: E402

with open(options.texts, encoding="utf-8") as lines:
    texts = [line.split() for line in lines]
with open(options.pairs, encoding="utf-8") as handle:
    pairs = json.load(handle)
model = Word2Vec(vector_size=100, window=5, min_count=1, sg=int(options.method == "skip-gram"), negative=5, sample=1e-3,
                 seed=options.seed, workers=options.threads)
model.build_vocab(texts)
start = time.perf_counter()
model.train(texts, total_examples=model.corpus_count, epochs=5)
seconds = time.perf_counter() - start
common.emit({"event": "word-vectors", "seconds": seconds, "words": model.corpus_total_words, "vocabulary": len(model.wv),
             "similarities": [float(model.wv.similarity(one, other)) for one, other in pairs]})
