"""Chinese names labelled with a sex."""
