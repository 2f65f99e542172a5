"""Bottleneck adapters as the library `adapters` computes and saves them, for bottleneck.test.ts.

adapter_hub.py SHARED OUT (adapters 1.3.0, transformers 4.57.6, torch 2.15.0) gives the models in golden/peft of the shared folder adapters
whose element i of the k-th tensor by name is sin(1 + 0.37 i + k) / 10, and writes for each the files' texts and names, the logits, and
the losses of three steps of SGD at a rate of 0.05 without dropout.
"""
import json, sys, tempfile
from pathlib import Path

import adapters, torch
from adapters import BnConfig, DoubleSeqBnConfig, ParBnConfig, SeqBnConfig
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, BertConfig, LlamaConfig

shared, target = Path(sys.argv[1]), sys.argv[2]
CASES = [
    ("pfeiffer", "bert", SeqBnConfig(), {}),
    ("houlsby", "bert", DoubleSeqBnConfig(reduction_factor=8), {"config": "houlsby", "reductionFactor": 8}),
    ("parallel", "bert", ParBnConfig(), {"config": "parallel"}),
    ("post_add", "bert", SeqBnConfig(residual_before_ln="post_add", mh_adapter=True, scaling="learned", leave_out=[0]),
     {"residualBeforeLn": "post_add", "mhAdapter": True, "scaling": "learned", "leaveOut": [0]}),
    ("after", "bert", SeqBnConfig(residual_before_ln=False, original_ln_after=False, scaling="channel", non_linearity="gelu",
                                 reduction_factor={"0": 2, "default": 4}),
     {"residualBeforeLn": False, "originalLnAfter": False, "scaling": "channel", "nonLinearity": "gelu",
      "reductionFactor": {"0": 2, "default": 4}}),
    ("pfeiffer", "llama", SeqBnConfig(), {}),
    ("houlsby", "llama", DoubleSeqBnConfig(), {"config": "houlsby"}),
    ("parallel", "llama", ParBnConfig(), {"config": "parallel"}),
]


def load(base):
    directory = shared / "golden" / "peft" / f"base-{base}"
    kind, config = (AutoModelForSequenceClassification, BertConfig) if base == "bert" else (AutoModelForCausalLM, LlamaConfig)
    name = "config.json" if base == "bert" else "config.v4.json"
    read = config.from_json_file(directory / name)
    model = kind.from_pretrained(directory, config=read, attn_implementation="eager").float()
    batch = {name: value.long() for name, value in load_file(directory / "batch.safetensors").items()}
    return model, batch


def fill(tensors):
    with torch.no_grad():
        for k, name in enumerate(sorted(tensors)):
            size = tensors[name].numel()
            values = torch.sin(1 + 0.37 * torch.arange(size, dtype=torch.float64) + k) / 10
            tensors[name].copy_(values.reshape(tensors[name].shape))


written = []
for name, base, config, options in CASES:
    model, batch = load(base)
    adapters.init(model)
    model.add_adapter(name, config=config)
    model.train_adapter(name)
    model.eval()
    assert model.active_adapters.flatten() == {name}, model.active_adapters
    state = model.state_dict()
    own = {key: value for key, value in state.items() if f".adapters.{name}." in key}
    head = {key: value for key, value in state.items() if key.startswith("classifier.")}
    fill({**own, **head})
    with tempfile.TemporaryDirectory() as folder:
        model.save_adapter(folder, name, use_safetensors=True)
        text = (Path(folder) / "adapter_config.json").read_text()
        saved = load_file(Path(folder) / "adapter.safetensors")
    with torch.no_grad():
        logits = model(**batch).logits
    rows = logits if base == "bert" else logits[:, 3, :5]
    losses = []
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.05)
    for _ in range(3 if base == "bert" else 0):
        optimizer.zero_grad()
        loss = model(**batch).loss
        losses.append(round(loss.item(), 7))
        loss.backward()
        optimizer.step()
    written.append({
        "name": name, "base": base, "options": options, "adapterConfig": json.loads(text),
        "tensors": {key: list(value.shape) for key, value in sorted(saved.items())},
        "logits": [round(value, 7) for value in rows.flatten().tolist()], "losses": losses,
    })
json.dump(written, open(target, "w"), indent=1)
