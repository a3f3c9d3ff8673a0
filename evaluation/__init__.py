"""How good the results are: judgements and the live code path in, figures, comparisons and a report out."""
