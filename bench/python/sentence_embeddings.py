"""sentence-transformers: fine-tuning by CoSENT, with batches in the order of the file and no dropout.

AdamW without weight decay, a rate that falls to 0 in a straight line, clipping at norm 1. Prints Spearman's correlation of
cosines with scores on the test pairs, before and after.
"""
import argparse
import json
import tempfile

import common

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", default=common.MINILM, metavar="DIR")
parser.add_argument("--train", required=True, metavar="FILE", help="JSON lines with sentence1, sentence2 and score, all epochs")
parser.add_argument("--test", required=True, metavar="FILE")
parser.add_argument("--batch-size", type=int, required=True)
parser.add_argument("--learning-rate", type=float, required=True)
parser.add_argument("--max-length", type=int, required=True)
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()

import numpy  # noqa: E402
from datasets import Dataset  # noqa: E402
from scipy.stats import spearmanr  # noqa: E402
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer  # noqa: E402
from sentence_transformers import SentenceTransformerTrainingArguments  # noqa: E402
from sentence_transformers.losses import CoSENTLoss  # noqa: E402
from torch.utils.data import BatchSampler, SequentialSampler  # noqa: E402

common.prepare(options.threads)


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def spearman(rows):
    one, other = (model.encode([row[name] for row in rows], normalize_embeddings=True, show_progress_bar=False)
                  for name in ("sentence1", "sentence2"))
    return float(spearmanr(numpy.sum(one * other, axis=1), [row["score"] for row in rows]).statistic)


def in_order(dataset, batch_size, drop_last, **_):
    return BatchSampler(SequentialSampler(dataset), batch_size=batch_size, drop_last=drop_last)


# The file may hold float16, in which updates of 5e-5 would be lost.
model = SentenceTransformer(options.model, device="cpu", model_kwargs={"dtype": "float32"},
                            config_kwargs={"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0})
model.max_seq_length = options.max_length
test = read(options.test)
before = spearman(test)
with tempfile.TemporaryDirectory() as output:
    arguments = SentenceTransformerTrainingArguments(
        output_dir=output, num_train_epochs=1, per_device_train_batch_size=options.batch_size, use_cpu=True,
        learning_rate=options.learning_rate, batch_sampler=in_order, save_strategy="no", report_to="none", disable_tqdm=True)
    result = SentenceTransformerTrainer(model=model, args=arguments, train_dataset=Dataset.from_list(read(options.train)),
                                        loss=CoSENTLoss(model)).train()
common.emit({"event": "embeddings", "before": before, "after": spearman(test), "steps": result.global_step,
             **common.versions()})
