"""The services of the contract: each RPC reads its request with `messages`, asks the logic, and answers."""
