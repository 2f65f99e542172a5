"""Loads a directory that Attune wrote with transformers, and an adapter with PEFT, and prints outputs as one JSON line.

Any weight that is missing, unexpected or of another shape is an error: exit code 1 and the names on stderr. With --adapter,
--model is the base that the adapter was trained on (default: the one that adapter_config.json names).
Inputs: --inputs FILE (safetensors with input_ids [rows, length] and optionally attention_mask, token_type_ids), or --text,
which also proves the tokenizer files of the directory. The line holds `logits` (encoder: the last hidden state; question
answering: start and end stacked on axis 0), `shape`, `inputIds`, `id2label`, and of an adapter
`trainable`: what PEFT would train under its configuration.

With --serve it stays: each line of stdin is a JSON list of arguments, each line of stdout the answer, which is the record or,
where the arguments or the files are at fault, {"error": the traceback}.
"""
import argparse
import contextlib
import json
import os
import sys
import traceback
import warnings

import common
import torch
import transformers
from safetensors.torch import load_file, save_file

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--serve", action="store_true", help="answer the requests on stdin")
parser.add_argument("--model", metavar="DIR")
parser.add_argument("--adapter", metavar="DIR")
parser.add_argument("--task", default="sequence-classification",
                    choices=("sequence-classification", "token-classification", "question-answering", "masked-lm", "encoder"))
parser.add_argument("--inputs", metavar="FILE")
parser.add_argument("--text", action="append", default=[], help="may be repeated")
parser.add_argument("--max-length", type=int, default=128)
parser.add_argument("--labels", type=int, help="size of the head; default: of the head in the adapter, or the config's")
parser.add_argument("--merge", action="store_true", help="merge the adapter before running")
parser.add_argument("--output", metavar="FILE", help="write the logits there as safetensors instead of into the line")
parser.add_argument("--threads", type=int, default=1)
# A message in place of usage and code 2, so that it reaches the answer.
parser.error = sys.exit


def check(options):
    """The record of one model or adapter; SystemExit with the names where tensors are at fault."""
    if bool(options.inputs) == bool(options.text):
        parser.error("give either --inputs or --text")
    common.prepare(options.threads)
    adapter, trainable = None, []
    if options.adapter:
        with open(os.path.join(options.adapter, "adapter_config.json"), encoding="utf-8") as handle:
            configuration = json.load(handle)
        base = configuration["base_model_name_or_path"]
        adapter = load_file(os.path.join(options.adapter, "adapter_model.safetensors"))
        options.model = options.model or base
    if not options.model:
        parser.error("give --model or --adapter")

    arguments = {"dtype": torch.float32, "attn_implementation": "eager", "output_loading_info": True}
    saved_head = [tensor for name, tensor in (adapter or {}).items() if name.endswith(("classifier.weight", "score.weight"))]
    if options.labels or saved_head:
        arguments["num_labels"] = options.labels or saved_head[0].shape[0]
    model_class = {"sequence-classification": transformers.AutoModelForSequenceClassification,
                   "token-classification": transformers.AutoModelForTokenClassification,
                   "question-answering": transformers.AutoModelForQuestionAnswering,
                   "masked-lm": transformers.AutoModelForMaskedLM, "encoder": transformers.AutoModel}[options.task]
    model, loading = model_class.from_pretrained(options.model, **arguments)
    # What the base has not and the adapter brings: its head, and layers that began at random.
    modules = configuration["modules_to_save"] or [] if adapter is not None else []
    brought = {name for name in loading["missing_keys"] if any(f".{module}." in f".{name}" for module in modules)}
    faults = [f"missing {name}" for name in sorted(set(loading["missing_keys"]) - brought)]
    faults += [f"unexpected {name}" for name in sorted(loading["unexpected_keys"]) if not name.endswith("position_ids")]
    faults += [f"mismatched {name}" for name in sorted(map(str, loading["mismatched_keys"]))]

    if adapter is not None:
        from peft import PeftModel  # seconds that a model alone does not need
        from peft.utils import get_peft_model_state_dict
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = PeftModel.from_pretrained(model, options.adapter, is_trainable=True)
        trainable = sorted(name for name, parameter in model.named_parameters() if parameter.requires_grad)
        faults += [str(warning.message) for warning in caught if "adapter keys" in str(warning.message)]
        loaded = get_peft_model_state_dict(model)
        faults += [f"missing from the adapter {name}" for name in sorted(set(loaded) - set(adapter))]
        faults += [f"unexpected in the adapter {name}" for name in sorted(set(adapter) - set(loaded))]
        faults += [f"not taken over {name}" for name in sorted(set(adapter) & set(loaded))
                   if not torch.equal(adapter[name].float(), loaded[name].float())]
        if options.merge:
            model = model.merge_and_unload()
    if faults:
        sys.exit("\n".join(faults))

    if options.text:
        own = options.adapter and os.path.exists(os.path.join(options.adapter, "tokenizer.json"))
        tokenizer = transformers.AutoTokenizer.from_pretrained(options.adapter if own else options.model)
        inputs = dict(tokenizer(options.text, truncation=True, max_length=options.max_length, padding="longest",
                                return_tensors="pt"))
    else:
        inputs = {name: tensor.long() for name, tensor in load_file(options.inputs).items()
                  if name in ("input_ids", "attention_mask", "token_type_ids")}
    model.eval()
    with torch.no_grad():
        result = model(**inputs)
    if options.task == "encoder":
        logits = result.last_hidden_state
    elif options.task == "question-answering":
        logits = torch.stack([result.start_logits, result.end_logits])
    else:
        logits = result.logits
    record = {"event": "loaded", "task": options.task, "shape": list(logits.shape), "inputIds": inputs["input_ids"].tolist(),
              "trainable": trainable,
              "id2label": {str(number): label for number, label in model.config.id2label.items()}, **common.versions()}
    if options.output:
        save_file({"logits": logits.contiguous()}, options.output)
        return {**record, "output": options.output}
    return {**record, "logits": logits.tolist()}


def answer(line):
    """The answer to a line of stdin. What libraries print goes to stderr: stdout holds answers only."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return json.dumps(check(parser.parse_args(json.loads(line))), allow_nan=False)
    except (Exception, SystemExit):
        return json.dumps({"error": traceback.format_exc()})


if __name__ == "__main__":
    given = parser.parse_args()
    if given.serve:
        for request in sys.stdin:
            print(answer(request), flush=True)
    else:
        common.emit(check(given))
