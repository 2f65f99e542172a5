"""The library setfit with its defaults: one epoch of pairs at 2e-5, then logistic regression. Prints the accuracy."""
import argparse
import tempfile

import common

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--train", required=True, metavar="FILE", help="JSON lines with text and label")
parser.add_argument("--test", required=True, metavar="FILE")
parser.add_argument("--model", default=common.MINILM, metavar="DIR")
parser.add_argument("--num-iterations", type=int, help="pairs of either kind for each text; all pairs by default")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()

from datasets import Dataset  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402
from setfit import SetFitModel, Trainer, TrainingArguments  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

common.prepare(options.threads)
texts, labels = common.read_labelled(options.train)
tests, gold = common.read_labelled(options.test)
# The file may hold float16, in which updates of 2e-5 would be lost.
encoder = SentenceTransformer(options.model, device="cpu", model_kwargs={"dtype": "float32"})
model = SetFitModel(model_body=encoder, model_head=LogisticRegression())
with tempfile.TemporaryDirectory() as output:
    arguments = TrainingArguments(output_dir=output, num_iterations=options.num_iterations, seed=options.seed,
                                  report_to="none", save_strategy="no", show_progress_bar=False)
    Trainer(model=model, args=arguments, train_dataset=Dataset.from_dict({"text": texts, "label": labels})).train()
predicted = model.predict(tests, show_progress_bar=False)
accuracy = sum(found == label for found, label in zip(predicted, gold)) / len(gold)
common.emit({"event": "setfit", "accuracy": accuracy, **common.versions()})
