"""Serves training steps of PyTorch eager on request, so that a driver can interleave them with another system's.

Starts with {"event": "ready", ...}. Then, for each line on stdin:
  run N   does the next N steps -> {"event": "run", "times": [seconds], "losses": [...], "cpuSeconds": ..., "peakRssBytes": ...}
  quit    -> {"event": "quit", "peakRssBytes": ...} and the end (so does the end of stdin)
Step k uses batch k of the batch file, from the start again after the last. A step is zero_grad, forward, backward, AdamW
(fused, constant learning rate, one parameter group) and reading the loss. Dropout is 0. Sizes come from the model's config
and from the batch file.
"""
import argparse
import sys
import time

import common

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", required=True, metavar="DIR", help="a Hugging Face model of the task")
parser.add_argument("--task", choices=("sequence-classification", "causal-language-modeling"), default="sequence-classification")
parser.add_argument("--batch", required=True, metavar="FILE", help="safetensors: input_ids, attention_mask, labels")
parser.add_argument("--method", choices=("full", "lora"), default="full")
parser.add_argument("--adapter", metavar="DIR", help="initial PEFT adapter; default: a new one, r 8, alpha 16, from --seed")
parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa")
parser.add_argument("--learning-rate", type=float, default=1e-4)
parser.add_argument("--weight-decay", type=float, default=0.01)
parser.add_argument("--max-grad-norm", type=float, default=0.0, help="0: no clipping")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
if options.adapter and options.method != "lora":
    parser.error("--adapter needs --method lora")
if options.task == "causal-language-modeling" and options.method == "lora" and not options.adapter:
    parser.error("--method lora of a language model needs --adapter")

begin = time.perf_counter()
import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification  # noqa: E402

imported = time.perf_counter()
common.prepare(options.threads)
torch.manual_seed(options.seed)
writes = options.task == "causal-language-modeling"
without_dropout = {"attention_dropout": 0.0} if writes else {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
model, loading = (AutoModelForCausalLM if writes else AutoModelForSequenceClassification).from_pretrained(
    options.model, dtype=torch.float32, attn_implementation=options.attention, output_loading_info=True, **without_dropout)
if options.method == "lora" and options.adapter:
    from peft import PeftModel
    model = PeftModel.from_pretrained(model, options.adapter, is_trainable=True)
elif options.method == "lora":
    model = common.lora(model, 8, 16, 0.0)
model.train()
parameters = common.trainable_parameters(model)
optimizer = torch.optim.AdamW(parameters, lr=options.learning_rate, weight_decay=options.weight_decay, fused=True)
file = {name: tensor.long() for name, tensor in load_file(options.batch).items()}
steps, batch, length = file["input_ids"].shape
cache = {"use_cache": False} if writes else {}
batches = [{name: tensor[index].contiguous() for name, tensor in file.items()} for index in range(steps)]


def step(batch):
    optimizer.zero_grad(set_to_none=True)
    loss = model(**batch, **cache).loss
    loss.backward()
    if options.max_grad_norm > 0:
        torch.nn.utils.clip_grad_norm_(parameters, options.max_grad_norm)
    optimizer.step()
    return loss.item()


common.emit({"event": "ready", "method": options.method, "attention": options.attention, "batches": steps, "batch": batch,
             "length": length, "parameters": common.count(model.parameters()),
             "trainableParameters": common.count(parameters), "newTensors": sorted(loading["missing_keys"]),
             "importSeconds": imported - begin, "loadSeconds": time.perf_counter() - imported,
             "peakRssBytes": common.peak_rss_bytes(), **common.versions()})

done = 0
for line in sys.stdin:
    words = line.split()
    if not words:
        continue
    if words == ["quit"]:
        break
    if len(words) != 2 or words[0] != "run" or not words[1].isdigit():
        common.emit({"event": "error", "message": f"expected 'run N' or 'quit', found {line.strip()!r}"})
        continue
    times, losses, cpu = [], [], common.cpu_seconds()
    for _ in range(int(words[1])):
        start = time.perf_counter()
        losses.append(step(batches[done % steps]))
        times.append(time.perf_counter() - start)
        done += 1
    common.emit({"event": "run", "times": times, "losses": losses, "cpuSeconds": common.cpu_seconds() - cpu,
                 "peakRssBytes": common.peak_rss_bytes()})
common.emit({"event": "quit", "steps": done, "peakRssBytes": common.peak_rss_bytes()})
