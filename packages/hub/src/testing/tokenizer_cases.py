"""Encodings of random texts by the Rust tokenizers library, for tokenizer-python.test.ts.

tokenizer_cases.py SHARED SEED OUT writes a list of {name, definition, cases, pairs}: the two tokenizers of the shared
folder under other normalizers, pre-tokenizers and post-processors, and small ones of every model type.
"""
import json, random, string, sys
from tokenizers import AddedToken, Regex, Tokenizer, decoders as D, models as M, normalizers as N, pre_tokenizers as P, processors as PP

shared, seed, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
rng = random.Random(seed)
BLOCKS = [(0x20, 0x7e)] * 6 + [
    (0xa1, 0x24f), (0x370, 0x3ff), (0x400, 0x4ff), (0x590, 0x5ff), (0x600, 0x6ff), (0x900, 0x97f), (0xe00, 0xe7f), (0x1e00, 0x1eff),
    (0x2000, 0x206f), (0x2190, 0x22ff), (0x3040, 0x30ff), (0x4e00, 0x9fff), (0xac00, 0xd7a3), (0x1f300, 0x1f6ff), (0x20000, 0x2a6df),
    (0x300, 0x36f), (0x9, 0xd), (0x1100, 0x11ff), (0xfb00, 0xfb06), (0x2460, 0x24ff), (0x2f00, 0x2fd5)]
WORDS = ["don't I'll ", "hello world", "12,345.67", "[MASK]", "<|im_end|>", "ab  c", "SPECIAL ", " <new> ", "newword"]


def random_text():
    parts = []
    for _ in range(rng.randint(1, 40)):
        low, high = rng.choice(BLOCKS)
        parts.append(chr(rng.randint(low, high)))
        if rng.random() < .25:
            parts.append(rng.choice([" ", "  ", "\n", " \n\n ", "\t"]))
        if rng.random() < .1:
            parts.append(rng.choice(WORDS))
    return "".join(parts)


texts = [random_text() for _ in range(60)] + [
    "", "hello world", "a" * 150 + " b", "  leading", "trailing  ", "é" * 3, "e\u0301" * 3, "\u1112\u1161\u11ab", "ΟΔΟΣ \u061d x"]
out = []


def record(name, t):
    cases, pairs = [], []
    for text in texts:
        e = t.encode(text)
        cases.append(dict(text=text, ids=e.ids, tokens=e.tokens, offsets=e.offsets, words=e.word_ids, types=e.type_ids, decoded=t.decode(e.ids)))
    for i in range(0, 20, 2):
        e = t.encode(texts[i], texts[i + 1])
        pairs.append(dict(text=texts[i], textPair=texts[i + 1], ids=e.ids, types=e.type_ids, sequences=e.sequence_ids))
    out.append(dict(name=name, definition=json.loads(t.to_str()), cases=cases, pairs=pairs))


def load(model, **parts):
    t = Tokenizer.from_file(f"{shared}/models/{model}/tokenizer.json")
    t.no_truncation()
    t.no_padding()
    for key, value in parts.items():
        setattr(t, key, value)
    return t


def bert(**parts):
    return load("all-minilm-l6-v2", **parts)


def smol(**parts):
    return load("smollm2-135m-instruct", **parts)


record("BERT", bert())
record("SmolLM2", smol())
for name, normalizer in {
        "cased": N.BertNormalizer(lowercase=False), "unclean": N.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=False),
        "stripped": N.BertNormalizer(strip_accents=True, lowercase=False), "NFC": N.NFC(), "NFD": N.NFD(), "NFKC": N.NFKC(), "NFKD": N.NFKD(),
        "Lowercase": N.Lowercase(), "Strip": N.Strip(), "Prepend": N.Prepend("_x"), "Replace": N.Replace("a", "bcd"),
        "Replace blanks": N.Replace(Regex(r"\s+"), " "), "Replace vowels": N.Replace(Regex(r"[aeiou]"), "")}.items():
    record(f"normalizer {name}", bert(normalizer=normalizer))
for name, pre in {
        "Whitespace": P.Whitespace(), "WhitespaceSplit": P.WhitespaceSplit(), "Punctuation": P.Punctuation(),
        "Punctuation previous": P.Sequence([P.WhitespaceSplit(), P.Punctuation("merged_with_previous")]),
        "Punctuation next": P.Punctuation("merged_with_next"), "Punctuation contiguous": P.Punctuation("contiguous"),
        "Punctuation removed": P.Punctuation("removed"), "Digits": P.Sequence([P.WhitespaceSplit(), P.Digits()]),
        "Digits individual": P.Sequence([P.WhitespaceSplit(), P.Digits(True)]), "CharDelimiterSplit": P.CharDelimiterSplit("e"),
        "Split inverted": P.Split(Regex(r"\w+|[^\w\s]+"), "removed", invert=True), "Split at nothing": P.Split(Regex(r"\b"), "isolated"),
        "Split digits": P.Split(Regex(r"\d+"), "merged_with_previous"), "Split spaces": P.Split(" ", "merged_with_next"),
        "FixedLength": P.FixedLength(3)}.items():
    record(f"pre-tokenizer {name}", bert(normalizer=N.Lowercase(), pre_tokenizer=pre))

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+" + CONTRACTIONS + "?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*" + CONTRACTIONS + "?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
letters, start, end = P.ByteLevel(add_prefix_space=False, use_regex=False), ("<|im_start|>", 1), ("<|im_end|>", 2)
template = PP.TemplateProcessing(single="<|im_start|> $A", pair="<|im_start|> $A <|im_start|>:1 $B:1", special_tokens=[start])
for name, pre, post in [
        ("GPT-2", P.ByteLevel(add_prefix_space=False), PP.ByteLevel(trim_offsets=True)),
        ("GPT-2 prefixed", P.ByteLevel(add_prefix_space=True), PP.ByteLevel(trim_offsets=True)),
        ("RoBERTa", P.ByteLevel(add_prefix_space=True), PP.RobertaProcessing(end, start)),
        ("Llama 3", P.Sequence([P.Split(Regex(LLAMA3), "isolated"), letters]), PP.Sequence([PP.ByteLevel(trim_offsets=False), template])),
        ("o200k", P.Sequence([P.Split(Regex(O200K), "removed", invert=True), letters]), PP.ByteLevel(trim_offsets=True)),
        ("BertProcessing", letters, PP.BertProcessing(end, start))]:
    record(f"byte-level {name}", smol(pre_tokenizer=pre, post_processor=post))

pieces = [("<unk>", 0.0), ("▁", -2.0)] + [(c, -4.0 - i * .01) for i, c in enumerate(string.printable.replace(" ", "") + "éα中")]
pieces += [("▁he", -3.0), ("llo", -3.1), ("▁world", -2.5), ("he", -3.3), ("▁a", -3.2)]
for name, pre in {"always": P.Metaspace(), "first": P.Metaspace(prepend_scheme="first"), "never": P.Metaspace(prepend_scheme="never"),
                  "unsplit": P.Metaspace(split=False), "words": P.Sequence([P.WhitespaceSplit(), P.Metaspace()])}.items():
    t = Tokenizer(M.Unigram(pieces, 0, False))
    t.pre_tokenizer, t.decoder = pre, D.Metaspace()
    t.add_special_tokens([AddedToken("[MASK]", lstrip=True, rstrip=True)])
    t.add_tokens([AddedToken("newword", single_word=True), AddedToken("<new>", rstrip=True, normalized=False), AddedToken("SPECIAL", normalized=True)])
    record(f"Unigram {name}", t)

vocab = {token: i for i, token in enumerate(["<unk>"] + ["<0x%02X>" % i for i in range(256)] + list("▁" + string.ascii_lowercase) + ["he", "ll", "hell", "▁w"])}
t = Tokenizer(M.BPE(vocab, [("h", "e"), ("l", "l"), ("he", "ll"), ("▁", "w")], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
t.normalizer = N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")])
t.decoder = D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)])
record("BPE byte fallback", t)
for fused in (False, True):
    t = Tokenizer(M.BPE({c: i for i, c in enumerate(["[UNK]"] + list("abcdefgh"))}, [], unk_token="[UNK]", fuse_unk=fused))
    t.pre_tokenizer = P.WhitespaceSplit()
    record(f"BPE unknown fused {fused}", t)
suffixed = {c: i for i, c in enumerate(["[UNK]"] + list("abcdefgh") + ["ab</w>", "a</w>", "b</w>", "h</w>"])}
t = Tokenizer(M.BPE(suffixed, [("a", "b</w>")], unk_token="[UNK]", end_of_word_suffix="</w>"))
t.normalizer, t.pre_tokenizer = N.Lowercase(), P.Whitespace()
record("BPE suffix", t)
with open(target, "w") as file:
    json.dump(out, file)
