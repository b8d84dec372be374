"""`arbtui bench`: what the program costs on this machine, measured on the parts that really run."""
