"""LocalWrapper: all operands, deep and circular wrappers, subclasses, and the methods it keeps."""
