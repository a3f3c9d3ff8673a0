"""What is suggested while a shopper types: queries, products, categories and brands. Pure."""
