"""The operations of LocalWrapper."""

from .imp import BINARY, words
from .lines import of

WRAPPER_CALLS = [
    *(f"{name}__(o, x)" for name in words("lt le eq ne gt ge")),
    *(f"{prefix}{name}__(o, x)" for name in BINARY for prefix in ("", "r")),
    *(f"i{name}__(o, x)" for name in BINARY if name != "divmod"),
    *words("pow__(o,x) pow__(o,x,x) rpow__(o,x) rpow__(o,x,x) ipow__(o,x)"),
    *(
        f"{name}__(o)"
        for name in words(
            "repr hash str neg pos abs bool invert int float complex index trunc floor ceil round "
            "iter next reversed len length_hint aiter anext enter aenter bytes fspath "
            "reduce dir call"
        )
    ),
    *words("await__(o).close() exit__(o,x,x,x) call__(o,x,key=x) round__(o,x) format__(o,'')"),
    *words("getitem__(o,x) setitem__(o,x,x) delitem__(o,x) contains__(o,x) getitem__(o,0)"),
    *words("getattribute__(o,'act') setattr__(o,'act',x) delattr__(o,'act') deepcopy__(o,x)"),
    *words("instancecheck__(o,x) subclasscheck__(o,x) class_getitem__(x) buffer__(o,0)"),
]

OPERATIONS = {
    "LocalWrapper": of(
        "LocalWrapper(x)",
        # An attribute of the wrapper itself would be that of the object.
        "o.wrapped\nstep(LocalWrapper.__aexit__(o, x, x, x))\n"
        + "".join(f"LocalWrapper.__{call}\n" for call in WRAPPER_CALLS),
    ),
}
