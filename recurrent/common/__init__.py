"""What all parts share: settings, paths, files, errors, locks and the console."""

import os
import platform

# Read before the slow imports: if the parent is killed, this process gets another one.
STARTED_BY = os.getppid()

# OpenBLAS chooses its kernels when NumPy loads it, so these variables must be set before that. The
# Haswell kernels run on every x86-64 with AVX2; with them and one thread, the last bits of a result
# are the same on all of these processors.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
if platform.machine() in ("x86_64", "AMD64"):
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"
