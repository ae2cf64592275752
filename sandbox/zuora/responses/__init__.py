"""One module per API family: reads the request, asks the models, writes the answer in the family's format."""
