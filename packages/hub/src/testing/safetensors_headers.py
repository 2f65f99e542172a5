"""Writes safetensors-headers.json: safetensors files, good and bad, and whether Python's reference opens them.

    python safetensors_headers.py > safetensors-headers.json
"""

import base64
import json
import random
import struct

import safetensors


def entry(dtype="F32", shape="[2]", offsets="[0,8]", more=""):
    return '{"dtype":"%s","shape":%s,"data_offsets":%s%s}' % (dtype, shape, offsets, more)


def file(header, data=8, length=None):
    text = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(data)


A = '"a":' + entry()
cases = {
    "plain": file("{%s}" % A),
    "no tensors": file("{}", 0),
    "no tensors but data": file("{}"),
    "empty file": b"",
    "three bytes": b"abc",
    "length 0": file("", 0),
    "length 1": file("{", 0),
    "length beyond the file": file("{}", 0, 3),
    "length beyond the limit": file("{}", 0, 100_000_001),
    "length of 64 bits": file("{}", 0, 2**64 - 1),
    "truncated": file("{%s}" % A, 4),
    "trailing data": file("{%s}" % A, 9),
    "overlap": file('{%s,"b":%s}' % (A, entry(offsets="[4,12]")), 12),
    "hole": file('{%s,"b":%s}' % (A, entry(offsets="[12,20]")), 20),
    "hole at the start": file('{"a":%s}' % entry(offsets="[4,12]"), 12),
    "reversed": file('{"a":%s}' % entry(offsets="[8,0]")),
    "two tensors, later first": file('{"b":%s,%s}' % (entry(offsets="[8,16]"), A), 16),
    "empty tensor within": file('{%s,"b":%s}' % (A, entry(shape="[0]", offsets="[4,4]"))),
    "empty tensor in front": file('{%s,"b":%s}' % (A, entry(shape="[0]", offsets="[0,0]"))),
    "scalar": file('{"a":%s}' % entry(shape="[]", offsets="[0,4]"), 4),
    "5000 axes": file('{"a":%s}' % entry(shape=str([1] * 5000), offsets="[0,4]"), 4),
    "tensor without a name": file('{"":%s}' % entry()),
    "three offsets": file('{"a":%s}' % entry(offsets="[0,4,8]")),
    "one offset": file('{"a":%s}' % entry(offsets="[0]")),
    "no offsets": file('{"a":{"dtype":"F32","shape":[2]}}'),
    "no dtype": file('{"a":{"shape":[2],"data_offsets":[0,8]}}'),
    "dtype in lower case": file('{"a":%s}' % entry("f32")),
    "dtype that is a number": file('{"a":{"dtype":3,"shape":[2],"data_offsets":[0,8]}}'),
    "dtype __proto__": file('{"a":%s}' % entry("__proto__")),
    "escaped dtype": file('{"a":%s}' % entry("\\u004632")),
    "tensor __proto__": file('{"__proto__":%s}' % entry()),
    "tensor constructor": file('{"constructor":%s}' % entry()),
    "tensor null": file('{"a":null}', 0),
    "leading blank": file(" {%s}" % A),
    "leading white space": file("\t\r\n {%s}" % A),
    "leading no-break space": file("\u00a0{%s}" % A),
    "byte order mark": file("\ufeff{%s}" % A),
    "trailing blanks": file("{%s}   " % A),
    "trailing zeros": file("{%s}\0\0" % A),
    "trailing text": file("{%s}x" % A),
    "two objects": file("{}{}", 0),
    "a list": file("[1]", 0),
    "null": file("null", 0),
    "trailing comma": file("{%s,}" % A),
    "comment": file("{/*x*/%s}" % A),
    "single quotes": file("{'a':1}"),
    "bad UTF-8": file(b'{"\xff":' + entry().encode() + b"}"),
    "control character": file('{"a\x01":%s}' % entry()),
    "escaped NUL": file('{"a\\u0000":%s}' % entry()),
    "half a pair": file('{"\\ud800":%s}' % entry()),
    "a pair": file('{"\\ud83d\\ude00":%s}' % entry()),
    "pair in the wrong order": file('{"\\ude00\\ud83d":%s}' % entry()),
    "half a pair in the metadata": file('{"__metadata__":{"a":"\\udfff"},%s}' % A),
    "metadata": file('{"__metadata__":{"format":"pt"},%s}' % A),
    "metadata null": file('{"__metadata__":null,%s}' % A),
    "metadata list": file('{"__metadata__":[],%s}' % A),
    "metadata number": file('{"__metadata__":{"a":1},%s}' % A),
    "metadata value null": file('{"__metadata__":{"a":null},%s}' % A),
    "metadata text": file('{"__metadata__":"x",%s}' % A),
    "nested 1000 deep": file('{"a":%s}' % ("[" * 1000 + "]" * 1000)),
    "objects 1000 deep": file('{"a":' * 1000 + "1" + "}" * 1000),
    # What the reference takes and Attune does not.
    "duplicate tensor": file("{%s,%s}" % (A, A)),
    "duplicate tensor, escaped": file('{%s,"\\u0061":%s}' % (A, entry())),
    "duplicate dtype": file('{"a":{"dtype":"F16","dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    "duplicate metadata": file('{"__metadata__":{"a":"1","a":"2"},%s}' % A),
    "duplicate further field": file('{"a":%s}' % entry(more=',"x":1,"x":2')),
    "tensor as a list": file('{"a":["F32",[2],[0,8]]}'),
    "dtype as an object": file('{"a":{"dtype":{"F32":null},"shape":[2],"data_offsets":[0,8]}}'),
    "size beyond 2^53 and 0": file('{"a":%s}' % entry(shape="[18446744073709551615,0]", offsets="[0,0]"), 0),
}
for dtype in "BOOL U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ F8_E4M3FN F4 F6_E2M3 F6_E3M2 I4 I16 U16 F16 BF16 I32 U32 F32 C64 C128 F64 I64 U64 F128".split():
    for size in (4, 6, 8, 16, 32, 64, 128):
        cases[f"{dtype} [8] in {size} bytes"] = file('{"a":%s}' % entry(dtype, "[8]", f"[0,{size}]"), size)
for shape in (
    "[2.0] [2e0] [-0] [-2] [1.5] [02] [+2] [.2] [2.] [true] [null] [\"2\"] null {} [[2]] [2,1] [1,2,1] [NaN] [1e999] "
    "[18446744073709551616] [9007199254740993] [4294967296,4294967296] [4294967296,4294967296,4294967296]"
).split():
    cases[f"shape {shape}"] = file('{"a":%s}' % entry(shape=shape))
for shape in ("[0]", "[-0]", "[0.0]", "[4294967296,4294967296,0]", "[0,4294967296,4294967296]", "[4294967296,0,4294967296]"):
    cases[f"empty shape {shape}"] = file('{"a":%s}' % entry(shape=shape, offsets="[0,0]"), 0)
for offsets in ("[0,8.0]", "[-0,8]", "[0,8e0]", "[-8,0]", '["0",8]', "[0,18446744073709551616]", "[8,8]", "[0,4]", "[0,1e999]"):
    cases[f"offsets {offsets}"] = file('{"a":%s}' % entry(offsets=offsets))
for value in ("1", "1.5", "-0", "null", '"x"', "[]", '{"shape":[2.0]}', "[[1]]", "1e999", '"\\ud800"', "123456789012345678901234567890", "01"):
    cases[f"further field {value}"] = file('{"a":%s}' % entry(more=f',"x":{value}'))
for depth in (3, 100, 125, 126, 127, 200):
    cases[f"further field {depth} deep"] = file('{"a":%s}' % entry(more=',"x":' + "[" * depth + "]" * depth))

generator = random.Random(20261125)
seed = file('{"__metadata__":{"k":"v"},%s,"b":%s}' % (A, entry("F16", "[1,2]", "[8,12]")), 12)
alphabet = b'{}[]",:\\0123456789-+.eE \nabFU\x00\xff'
for number in range(300):
    changed = bytearray(seed)
    for _ in range(generator.randint(1, 2)):
        at = generator.randrange(8, len(changed) - 12)
        kind = generator.randrange(3)
        if kind == 0:
            changed[at] = generator.choice(alphabet)
        elif kind == 1:
            changed.insert(at, generator.choice(alphabet))
        else:
            del changed[at]
    changed[:8] = struct.pack("<Q", len(changed) - 20)
    cases[f"mutation {number}"] = bytes(changed)


def verdict(content):
    try:
        safetensors.deserialize(content)
        return True
    except safetensors.SafetensorError:
        return False


lines = [
    json.dumps({"name": name, "accepted": verdict(content), "file": base64.b64encode(content).decode()})
    for name, content in cases.items()
]
print('{"safetensors": "%s", "cases": [\n%s\n]}' % (safetensors.__version__, ",\n".join(lines)))
