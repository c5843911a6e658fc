"""The pipeline: one module a verb, and the packages they share."""

import os
import platform

# Asked before the slow imports: a process whose parent is killed is given another.
STARTED_BY = os.getppid()

# OpenBLAS chooses its instructions when NumPy loads it, before any module of ours could: those
# that every x86-64 with AVX2 has, and one thread, so that the last bits of a result are the same on
# all of them.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
if platform.machine() in ("x86_64", "AMD64"):
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"
