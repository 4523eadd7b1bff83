"""Eligibility service: may this application be presented to a lender, why, and what is missing?"""
