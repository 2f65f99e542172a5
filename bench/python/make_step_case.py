"""Writes one benchmark case for step.py and for Attune's side of the bench, so that both start from the same numbers.

OUTPUT/model/     BertForSequenceClassification, seeded random weights, dropout 0 (config.json, model.safetensors)
OUTPUT/adapter/   a PEFT LoRA adapter of that model as PEFT initialises it (A random, B zero, classifier copied)
OUTPUT/batch.safetensors   input_ids, attention_mask [steps, batch, length] int32, labels [steps, batch] int32
"""
import argparse
import os

import common
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--output", required=True, metavar="DIR")
parser.add_argument("--layers", type=int, default=6)
parser.add_argument("--width", type=int, default=384)
parser.add_argument("--heads", type=int, default=12)
parser.add_argument("--intermediate", type=int, help="default 4 x width")
parser.add_argument("--vocabulary", type=int, default=30522)
parser.add_argument("--labels", type=int, default=2)
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--length", type=int, default=128)
parser.add_argument("--steps", type=int, default=8)
parser.add_argument("--rank", type=int, default=8)
parser.add_argument("--alpha", type=float, default=16)
parser.add_argument("--ragged", action="store_true", help="rows of random length with padding; default: all rows full")
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

common.prepare(1)
torch.manual_seed(options.seed)
model = BertForSequenceClassification(BertConfig(
    vocab_size=options.vocabulary, hidden_size=options.width, num_hidden_layers=options.layers,
    num_attention_heads=options.heads, intermediate_size=options.intermediate or 4 * options.width,
    max_position_embeddings=max(512, options.length), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    num_labels=options.labels))
parameters = common.count(model.parameters())
model.save_pretrained(os.path.join(options.output, "model"))
model.name_or_path = os.path.join(os.path.abspath(options.output), "model")

shape = (options.steps, options.batch, options.length)
input_ids = torch.randint(1, options.vocabulary, shape, dtype=torch.int32)
attention_mask = torch.ones(shape, dtype=torch.int32)
if options.ragged:
    lengths = torch.randint(max(1, options.length // 4), options.length + 1, shape[:2])
    lengths[:, 0] = options.length
    attention_mask = (torch.arange(options.length) < lengths[..., None]).to(torch.int32)
    input_ids = input_ids * attention_mask
labels = torch.randint(0, options.labels, shape[:2], dtype=torch.int32)
save_file({"input_ids": input_ids, "attention_mask": attention_mask, "labels": labels},
          os.path.join(options.output, "batch.safetensors"))

# the adapter names model.name_or_path as its base
common.lora(model, options.rank, options.alpha, 0.0).save_pretrained(os.path.join(options.output, "adapter"))
common.emit({"event": "written", "output": os.path.abspath(options.output), "parameters": parameters})
