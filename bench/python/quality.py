"""The fine-tuning recipe that `attune train` mirrors, in plain PyTorch: trains, evaluates, prints one JSON line.

transformers' own model class on the pretrained encoder and pooler with a new head (weights normal(0, 0.02), bias 0);
padding to the longest row of a batch; a new random order each epoch, the last batch may be smaller; AdamW (0.9, 0.999,
1e-8) with decoupled weight decay on every trained parameter; clipping at a global norm of 1; learning rate falling linearly
from its peak in the first step to 0 after the last, after an optional linear warm-up; dropout of the model's config (0.1).
LoRA: query and value, no bias, the head trained in full, the pooler frozen.
"""
import argparse
import json
import math
import sys
import time

import common

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", choices=("banking77", "banking77-10", "sst2", "intents"), required=True)
parser.add_argument("--method", choices=("full", "lora"), required=True)
parser.add_argument("--epochs", type=int, required=True)
parser.add_argument("--learning-rate", type=float, required=True)
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--max-length", type=int, default=64)
parser.add_argument("--weight-decay", type=float, default=0.0)
parser.add_argument("--warmup-ratio", type=float, default=0.0)
parser.add_argument("--max-grad-norm", type=float, default=1.0)
parser.add_argument("--lora-r", type=int, default=8)
parser.add_argument("--lora-alpha", type=float, default=16)
parser.add_argument("--lora-dropout", type=float, default=0.05)
parser.add_argument("--bucketed", action="store_true", help="batches of similar length, in random order")
parser.add_argument("--plan", metavar="FILE", help="labels, and the training rows of every step's batch, as bench/quality.mjs writes them; no dropout")
parser.add_argument("--adapter", metavar="DIR", help="initial PEFT adapter; default: a new one")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--model", default=common.MINILM, metavar="DIR")
parser.add_argument("--evaluate-on", choices=("test", "validation"), default="test")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--limit", type=int, help="use only the first rows of training and evaluation")
parser.add_argument("--max-steps", type=int, help="stop early, to try the script; the schedule is that of the full run")
options = parser.parse_args()

import torch  # noqa: E402
from transformers import AutoModelForSequenceClassification, AutoTokenizer  # noqa: E402

common.prepare(options.threads)
torch.manual_seed(options.seed)
train, evaluation, names = common.data_set(options.data, options.evaluate_on)
train, evaluation = train[:options.limit], evaluation[:options.limit]
plan = None
if options.plan:
    with open(options.plan, encoding="utf-8") as handle:
        plan = json.load(handle)
    names = plan["labels"]
without_dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0} if plan else {}
start = time.perf_counter()
tokenizer = AutoTokenizer.from_pretrained(options.model)
model = AutoModelForSequenceClassification.from_pretrained(options.model, dtype=torch.float32, num_labels=len(names),
                                                           **without_dropout)
if options.method == "lora" and options.adapter:
    from peft import PeftModel
    model = PeftModel.from_pretrained(model, options.adapter, is_trainable=True)
elif options.method == "lora":
    model = common.lora(model, options.lora_r, options.lora_alpha, options.lora_dropout)
parameters = common.trainable_parameters(model)


def encode(rows):
    ids = tokenizer([text for text, _ in rows], truncation=True, max_length=options.max_length)["input_ids"]
    return [(row_ids, names.index(label)) for row_ids, (_, label) in zip(ids, rows)]


def collate(rows):
    longest = max(len(ids) for ids, _ in rows)
    return {"input_ids": torch.tensor([ids + [tokenizer.pad_token_id] * (longest - len(ids)) for ids, _ in rows]),
            "attention_mask": torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows]),
            "labels": torch.tensor([label for _, label in rows])}


def batches(rows, generator):
    """Batches of one epoch; bucketed: sorted by length within each 50 batches of the order, then batches reshuffled."""
    order, size = torch.randperm(len(rows), generator=generator).tolist(), options.batch_size
    if options.bucketed:
        pool = 50 * size
        order = [row for at in range(0, len(order), pool)
                 for row in sorted(order[at:at + pool], key=lambda index: len(rows[index][0]))]
    groups = [order[at:at + size] for at in range(0, len(order), size)]
    if options.bucketed:
        groups = [groups[at] for at in torch.randperm(len(groups), generator=generator).tolist()]
    return [collate([rows[row] for row in group]) for group in groups]


def metrics(rows):
    """Accuracy and macro F1 over the labels that occur in the gold or the predicted column."""
    model.eval()
    rows = sorted(rows, key=lambda row: len(row[0]))
    predicted = []
    with torch.no_grad():
        for at in range(0, len(rows), 64):
            batch = collate(rows[at:at + 64])
            batch.pop("labels")
            predicted += model(**batch).logits.argmax(-1).tolist()
    gold = [label for _, label in rows]
    scores = []
    for label in sorted(set(gold) | set(predicted)):
        hit = sum(g == label and p == label for g, p in zip(gold, predicted))
        scores.append(2 * hit / (gold.count(label) + predicted.count(label)))
    return sum(g == p for g, p in zip(gold, predicted)) / len(gold), sum(scores) / len(scores)


def epoch_batches(epoch):
    if plan is None:
        return batches(train_rows, generator)
    return [collate([train_rows[row] for row in group])
            for group in plan["batches"][epoch * steps_per_epoch:(epoch + 1) * steps_per_epoch]]


train_rows = encode(train)
steps_per_epoch = len(plan["batches"]) // options.epochs if plan else math.ceil(len(train_rows) / options.batch_size)
total = steps_per_epoch * options.epochs
warmup = math.ceil(total * options.warmup_ratio)
optimizer = torch.optim.AdamW(parameters, lr=options.learning_rate, weight_decay=options.weight_decay, fused=True)
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda step: step / warmup if step < warmup else (total - step) / max(1, total - warmup))
generator = torch.Generator().manual_seed(options.seed)
model.train()
done, epoch_losses = 0, []
train_begin = time.perf_counter()
for epoch in range(options.epochs):
    losses = []
    for batch in epoch_batches(epoch):
        optimizer.zero_grad(set_to_none=True)
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, options.max_grad_norm)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        done += 1
        if done == options.max_steps:
            break
    epoch_losses.append(sum(losses) / len(losses))
    print(f"epoch {epoch + 1}/{options.epochs} loss {epoch_losses[-1]:.4f}", file=sys.stderr, flush=True)
    if done == options.max_steps:
        break
train_seconds = time.perf_counter() - train_begin
evaluate_begin = time.perf_counter()
accuracy, macro_f1 = metrics(encode(evaluation))
common.emit({"event": "quality", "data": options.data, "method": options.method, "evaluatedOn": options.evaluate_on,
             "accuracy": accuracy, "macroF1": macro_f1, "epochs": options.epochs, "learningRate": options.learning_rate,
             "weightDecay": options.weight_decay, "warmupRatio": options.warmup_ratio, "batchSize": options.batch_size,
             "maxLength": options.max_length, "bucketed": options.bucketed, "seed": options.seed, "steps": done,
             "epochLosses": epoch_losses, "trainRows": len(train), "evaluationRows": len(evaluation),
             "labels": len(names), "trainableParameters": common.count(parameters), "trainSeconds": train_seconds,
             "evaluateSeconds": time.perf_counter() - evaluate_begin, "seconds": time.perf_counter() - start,
             "peakRssBytes": common.peak_rss_bytes(), **common.versions()})
