"""What every room needs and no room owns: ids, time as integers, errors with a code and a remedy."""
