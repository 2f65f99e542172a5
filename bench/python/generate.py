"""Writes greedily with transformers on request, so that a driver can interleave it with another system.

Starts with {"event": "ready"}. Then, for each line on stdin:
  run B N     goes on from the first B prompts by N tokens -> {"event": "run", "times": [seconds from the start to each
              token], "ids": [tokens of the first row], "peakRssBytes": ...}
  quit        ends
"""
import argparse
import json
import sys
import time

import common

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", required=True, metavar="DIR")
parser.add_argument("--prompts", required=True, metavar="FILE", help="JSON: rows of token ids of one length")
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()

import torch  # noqa: E402
from transformers import AutoModelForCausalLM, GenerationConfig, StoppingCriteria  # noqa: E402

common.prepare(options.threads)
with open(options.prompts, encoding="utf-8") as file:
    prompts = torch.tensor(json.load(file))
model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32, attn_implementation="sdpa").eval()
# Without a token that ends the text.
model.generation_config = GenerationConfig(pad_token_id=0)


class Clock(StoppingCriteria):
    """Is asked after each token whether to stop: notes the time and goes on."""

    def __init__(self):
        self.start, self.times = time.perf_counter(), []

    def __call__(self, input_ids, scores, **_):
        self.times.append(time.perf_counter() - self.start)
        return torch.zeros(input_ids.shape[0], dtype=torch.bool)


common.emit({"event": "ready", "peakRssBytes": common.peak_rss_bytes(), **common.versions()})
for line in sys.stdin:
    words = line.split()
    if words == ["quit"]:
        break
    batch, tokens = int(words[1]), int(words[2])
    ids = prompts[:batch]
    clock = Clock()
    with torch.inference_mode():
        made = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, do_sample=False,
                              stopping_criteria=[clock])
    common.emit({"event": "run", "times": clock.times, "ids": made[0, ids.shape[1]:].tolist(),
                 "peakRssBytes": common.peak_rss_bytes()})
