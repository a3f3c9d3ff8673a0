"""The read side: a request becomes a plan, the plan a query of one of two back-ends, and the answer a response."""
