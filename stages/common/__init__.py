"""What every stage stands on: parameters, paths, files, faults and the command line."""
