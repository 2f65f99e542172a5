"""What the scripts of this folder share: threads, JSON lines, memory, data sets and models.

Import this module before torch and transformers: it keeps the hub client off the network (every model is a directory).
"""
import csv
import json
import os
import sys
import time
import warnings
from importlib import metadata

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

REPOSITORY = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SHARED = os.environ.get("ATTUNE_SHARED", os.path.normpath(os.path.join(REPOSITORY, "..", "shared")))
MINILM = os.path.join(SHARED, "models", "all-minilm-l6-v2")


def emit(record):
    """One JSON object as one line on stdout, flushed, so that a driver can wait for it."""
    sys.stdout.write(json.dumps(record, allow_nan=False) + "\n")
    sys.stdout.flush()


def peak_rss_bytes():
    """Peak resident set of this program. VmHWM, because ru_maxrss keeps the parent's peak across fork and exec."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def cpu_seconds():
    """User and system time of all threads of this process."""
    return time.process_time()


def prepare(threads):
    """Sets the number of threads and keeps progress bars and libraries' deprecation notes off stderr."""
    import torch
    import transformers
    torch.set_num_threads(threads)
    transformers.utils.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning)


def versions():
    import torch
    import transformers
    return {"python": sys.version.split()[0], "torch": torch.__version__, "transformers": transformers.__version__,
            "peft": metadata.version("peft"), "threads": torch.get_num_threads()}


def read_csv(path, text, label):
    """[(text, label name)] of a CSV file with a header."""
    with open(path, encoding="utf-8", newline="") as handle:
        return [(row[text], row[label]) for row in csv.DictReader(handle, strict=True)]


def read_tsv(path):
    """[(text, label name)] of a TSV file without header or quoting."""
    with open(path, encoding="utf-8") as handle:
        return [tuple(line.rstrip("\n").split("\t")) for line in handle if line.strip()]


def per_class(rows, start, stop):
    """Rows that are number start..stop-1 (from 0) of their class, in file order."""
    seen, chosen = {}, []
    for text, label in rows:
        seen[label] = seen.get(label, -1) + 1
        if start <= seen[label] < stop:
            chosen.append((text, label))
    return chosen


def data_set(name, part):
    """-> (training rows, evaluation rows, sorted label names). `part` is test or validation.

    banking77: all of train.csv; no validation part.
    banking77-10: the first 10 examples of each class of train.csv in file order; validation: the 11th to 30th of each.
    sst2: train.tsv; validation: dev.tsv.
    intents: the quickstart's own data; no validation part.
    """
    banking = os.path.join(SHARED, "data", "banking77")
    sst2 = os.path.join(SHARED, "data", "sst2")
    quickstart = os.path.join(REPOSITORY, "examples", "quickstart", "data")
    validation = None
    if name in ("banking77", "banking77-10"):
        train = read_csv(os.path.join(banking, "train.csv"), "text", "category")
        test = read_csv(os.path.join(banking, "test.csv"), "text", "category")
        if name == "banking77-10":
            train, validation = per_class(train, 0, 10), per_class(train, 10, 30)
    elif name == "sst2":
        train, validation, test = (read_tsv(os.path.join(sst2, f"{file}.tsv")) for file in ("train", "dev", "test"))
    elif name == "intents":
        train, test = (read_csv(os.path.join(quickstart, f"{file}.csv"), "text", "intent") for file in ("train", "test"))
    else:
        raise SystemExit(f"unknown data set {name!r}")
    evaluation = test if part == "test" else validation
    if evaluation is None:
        raise SystemExit(f"{name} has no validation part")
    return train, evaluation, sorted({label for _, label in train})


def read_labelled(path):
    """Texts and labels of JSON lines."""
    with open(path, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row["text"] for row in rows], [row["label"] for row in rows]


def lora(model, r, alpha, dropout):
    """PEFT LoRA on query and value; the classification head is trained in full, all else is frozen."""
    from peft import LoraConfig, get_peft_model
    return get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=r, lora_alpha=alpha, lora_dropout=dropout,
                                            target_modules=["query", "value"], modules_to_save=["classifier"]))


def trainable_parameters(model):
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def count(parameters):
    return sum(parameter.numel() for parameter in parameters)
