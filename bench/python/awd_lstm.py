"""fastai's AWD-LSTM: a language model or a classifier that starts from saved weights and sees batches in the order of a file.

fastai's Learner with its Adam (0.9, 0.99, 1e-5), no weight decay, clipping at norm 1, a rate that falls to 0 in a straight
line; activation regularization of a language model by 2 and 1. Prints the mean cross entropy and the accuracy on the test
batches, and the processor's seconds of each step.
"""
import argparse
import json
import os
import time

import common

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--kind", choices=("language-model", "classifier"), required=True)
parser.add_argument("--model", required=True, metavar="DIR", help="config.json and model.safetensors in fastai's names")
parser.add_argument("--batches", required=True, metavar="FILE", help="JSON: train and test, lists of token ids and labels")
parser.add_argument("--learning-rate", type=float, required=True)
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()

import torch  # noqa: E402
from fastai.callback.rnn import rnn_cbs  # noqa: E402
from fastai.callback.schedule import ParamScheduler, SchedLin  # noqa: E402
from fastai.callback.training import GradientClip  # noqa: E402
from fastai.data.core import DataLoaders  # noqa: E402
from fastai.data.load import DataLoader  # noqa: E402
from fastai.learner import Callback, Learner  # noqa: E402
from fastai.losses import CrossEntropyLossFlat  # noqa: E402
from fastai.optimizer import Adam  # noqa: E402
from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_clas_config, awd_lstm_lm_config  # noqa: E402
from fastai.text.models.core import get_language_model, get_text_classifier  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

common.prepare(options.threads)
is_classifier = options.kind == "classifier"
with open(os.path.join(options.model, "config.json"), encoding="utf-8") as handle:
    settings = json.load(handle)
with open(options.batches, encoding="utf-8") as handle:
    batches = json.load(handle)
config = dict(awd_lstm_clas_config if is_classifier else awd_lstm_lm_config)
config.update({name: settings[name] for name in ("emb_sz", "n_hid", "n_layers", "pad_token")})
config.update({name: rate * settings["dropout"] for name, rate in config.items() if name.endswith("_p")})
# At a rate of 0, torch's dropout gives the parameter itself, over which fastai's WeightDropout stumbles.
config["weight_p"] = max(config["weight_p"], 1e-12)
if is_classifier:
    model = get_text_classifier(AWD_LSTM, settings["vocab_size"], 2, config=config, ps=[0.1 * settings["dropout"]],
                                pad_idx=settings["pad_token"])
else:
    model = get_language_model(AWD_LSTM, settings["vocab_size"], config=config)


def own_name(name):
    """fastai keeps the weight that dropout takes numbers from beside its module, and a classifier's encoder in another."""
    name = name.replace(".module.weight_hh_l0", ".weight_hh_l0_raw")
    return name.replace("0.", "0.module.", 1) if is_classifier and name.startswith("0.") else name


saved = {own_name(name): tensor for name, tensor in load_file(os.path.join(options.model, "model.safetensors")).items()}
missing, unexpected = model.load_state_dict(saved, strict=False)
copies = ("encoder_dp.emb.weight", "1.decoder.weight", "num_batches_tracked", "module.weight_hh_l0")
if unexpected or [name for name in missing if not name.endswith(copies)]:
    raise SystemExit(f"missing {missing}, unexpected {unexpected}")


def pairs(part):
    """Token ids and what is to be told: of a language model the tokens that follow."""
    for ids, labels in batches[part]:
        ids, labels = (torch.tensor(each["data"]).reshape(each["shape"]) for each in (ids, labels))
        yield (ids, labels) if is_classifier else (ids, labels[:, 1:].contiguous())


class StepTimes(Callback):
    """Notes the processor's seconds of each step."""
    order = 100

    def before_batch(self):
        self.began = time.process_time()

    def after_batch(self):
        if self.training:
            times.append(time.process_time() - self.began)


times = []
loaders = DataLoaders(*[DataLoader(list(pairs(part)), bs=None, shuffle=False) for part in ("train", "test")])
learner = Learner(loaders, model, loss_func=CrossEntropyLossFlat(), opt_func=Adam, lr=options.learning_rate,
                  cbs=[*(rnn_cbs() if is_classifier else rnn_cbs(alpha=2.0, beta=1.0)), GradientClip(1.0), StepTimes()])
with learner.no_bar(), learner.no_logging():
    learner.fit(1, wd=0.0, cbs=ParamScheduler({"lr": SchedLin(options.learning_rate, 0.0)}))
model.eval()
model.reset()
loss = right = count = 0
with torch.no_grad():
    for ids, labels in pairs("test"):
        scores = model(ids)[0].flatten(0, -2)
        loss += torch.nn.functional.cross_entropy(scores, labels.flatten(), reduction="sum").item()
        right += (scores.argmax(-1) == labels.flatten()).sum().item()
        count += labels.numel()
common.emit({"event": "awd-lstm", "loss": loss / count, "accuracy": right / count, "stepSeconds": times, **common.versions()})
