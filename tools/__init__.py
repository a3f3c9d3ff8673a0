"""What builds the documentation: pages that are made from the code. No part of the service."""
