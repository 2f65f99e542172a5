"""Ids of texts by transformers' AutoTokenizer, for tokenizer-files.test.ts: tokenizer_files.py CASES prints one list a directory.

CASES is a JSON file with {directories, texts}.
"""
import json, sys
from transformers import AutoTokenizer

with open(sys.argv[1]) as file:
    cases = json.load(file)
print(json.dumps([[AutoTokenizer.from_pretrained(d)(t)["input_ids"] for t in cases["texts"]] for d in cases["directories"]]))
