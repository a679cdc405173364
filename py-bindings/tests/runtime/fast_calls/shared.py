"""Helpers for the tests in this folder."""


class Number(int):
    """An int that is no plain one."""


def outcome(call, *args):
    try:
        return call(*args)
    except Exception as err:
        return type(err), str(err)
