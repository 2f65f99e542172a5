"""One epoch over Banking77 with transformers' Trainer and its defaults, from the raw CSV: seconds and peak memory.

Trainer's own defaults everywhere (fused AdamW, 5e-5, linear decay, clipping at 1, random order, no buckets), except: batch
size 32, maximum length 64, DataCollatorWithPadding, CPU, and nothing saved or reported (which only helps Trainer).
totalSeconds = readSeconds + tokenizeSeconds + trainSeconds. Imports, loading the model and constructing the Trainer are
not in it and are reported beside it.
"""
import argparse
import os
import tempfile
import time

import common

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", default=common.MINILM, metavar="DIR")
parser.add_argument("--train", default=os.path.join(common.SHARED, "data", "banking77", "train.csv"), metavar="FILE")
parser.add_argument("--text-column", default="text")
parser.add_argument("--label-column", default="category")
parser.add_argument("--method", choices=("full", "lora"), default="full")
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--max-length", type=int, default=64)
parser.add_argument("--limit", type=int, help="use only the first rows")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

marks = [time.perf_counter()]


def lap():
    marks.append(time.perf_counter())
    return marks[-1] - marks[-2]


import torch  # noqa: E402
from transformers import (AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding,  # noqa: E402
                          Trainer, TrainerCallback, TrainingArguments)
from transformers.trainer_callback import PrinterCallback  # noqa: E402
import peft  # noqa: E402, F401

import_seconds = lap()
common.prepare(options.threads)
torch.manual_seed(options.seed)
tokenizer = AutoTokenizer.from_pretrained(options.model)
labels = sorted({label for _, label in common.read_csv(options.train, options.text_column, options.label_column)})
model = AutoModelForSequenceClassification.from_pretrained(options.model, dtype=torch.float32, num_labels=len(labels))
if options.method == "lora":
    model = common.lora(model, 8, 16, 0.05)
load_seconds = lap()

rows = common.read_csv(options.train, options.text_column, options.label_column)[:options.limit]
index = {label: number for number, label in enumerate(labels)}
read_seconds = lap()
encoded = tokenizer([text for text, _ in rows], truncation=True, max_length=options.max_length)
data = [{"input_ids": encoded["input_ids"][row], "attention_mask": encoded["attention_mask"][row],
         "labels": index[rows[row][1]]} for row in range(len(rows))]
tokenize_seconds = lap()

first = []


class FirstStep(TrainerCallback):
    """Notes when the first optimizer step is done."""

    def on_step_end(self, arguments, state, control, **_):
        if not first:
            first.append(time.perf_counter())


with tempfile.TemporaryDirectory() as output:
    trainer = Trainer(
        model=model, train_dataset=data, data_collator=DataCollatorWithPadding(tokenizer), callbacks=[FirstStep()],
        args=TrainingArguments(output_dir=output, per_device_train_batch_size=options.batch_size, num_train_epochs=1,
                               use_cpu=True, save_strategy="no", report_to="none", disable_tqdm=True, seed=options.seed))
    trainer.remove_callback(PrinterCallback)  # it writes to stdout, which holds JSON lines only
    setup_seconds = lap()
    result = trainer.train()
    train_seconds = lap()

common.emit({"event": "epoch", "method": options.method, "rows": len(rows), "labels": len(labels),
             "steps": result.global_step, "trainLoss": result.training_loss, "totalSeconds": read_seconds + tokenize_seconds + train_seconds,
             "readSeconds": read_seconds, "tokenizeSeconds": tokenize_seconds, "trainSeconds": train_seconds,
             "firstStepSeconds": first[0] - marks[-2], "importSeconds": import_seconds, "loadSeconds": load_seconds,
             "setupSeconds": setup_seconds, "peakRssBytes": common.peak_rss_bytes(),
             "trainableParameters": common.count(common.trainable_parameters(model)), **common.versions()})
