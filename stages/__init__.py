"""The pipeline: one module a verb, and the packages they share."""

import os
import platform

# OpenBLAS chooses its instructions when NumPy loads it, before any module of ours could: those
# that every x86-64 with AVX2 has, so that the last bits of a result are the same on all of them.
if platform.machine() in ("x86_64", "AMD64"):
    os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")
