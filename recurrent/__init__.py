"""Five lectures on recurrent networks: data, models, training, evaluation, report."""

import os
import platform

# Read before the slow imports: a process whose parent is killed gets another parent.
STARTED_BY = os.getppid()

# OpenBLAS chooses its kernels when NumPy loads it, before any module of ours could. These exist on
# every x86-64 with AVX2; with them, and one thread, the last bits of a result are the same on all.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
if platform.machine() in ("x86_64", "AMD64"):
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"
