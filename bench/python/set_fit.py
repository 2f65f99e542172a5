"""The library setfit with its defaults: one epoch of pairs at 2e-5, then logistic regression. Prints accuracy and seconds."""
import argparse
import tempfile
import time

import common

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--train", required=True, metavar="FILE", help="JSON lines with text and label")
parser.add_argument("--test", required=True, metavar="FILE")
parser.add_argument("--model", default=common.MINILM, metavar="DIR")
parser.add_argument("--num-iterations", type=int, default=20, help="pairs of either kind for each text")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()

from datasets import Dataset  # noqa: E402
from setfit import SetFitModel, Trainer, TrainingArguments  # noqa: E402

common.prepare(options.threads)
texts, labels = common.read_labelled(options.train)
tests, gold = common.read_labelled(options.test)
model = SetFitModel.from_pretrained(options.model, device="cpu")
start = time.perf_counter()
with tempfile.TemporaryDirectory() as output:
    arguments = TrainingArguments(output_dir=output, num_iterations=options.num_iterations, seed=options.seed,
                                  report_to="none", save_strategy="no", show_progress_bar=False)
    Trainer(model=model, args=arguments, train_dataset=Dataset.from_dict({"text": texts, "label": labels})).train()
seconds = time.perf_counter() - start
predicted = model.predict(tests, show_progress_bar=False)
accuracy = sum(found == label for found, label in zip(predicted, gold)) / len(gold)
common.emit({"event": "setfit", "accuracy": accuracy, "seconds": seconds, **common.versions()})
