"""Payments, refunds, deposits and journal entries: one property a line as `name type rule label`."""

APPLY_LINE = """
apply bool R
doc ref(transaction) R
line int
amount num
disc num
applyDate date =
createdFrom str =
currency str =
due num =
job int =
jobName str =
refNum str =
total num =
type str =
"""

DEPOSIT_LINE = """
apply bool R
doc ref(customerDeposit) R
amount num
currencyName str =
depositDate date =
refNum str =
remaining num =
total num =
"""

CREDIT_LINE = """
apply bool R
doc ref(creditMemo) R
amount num
appliedTo str =
createdFrom str =
creditDate date =
currency str =
due num =
line int
refNum str =
total num =
type str =
"""

CUSTOMER_PAYMENT = """
customer ref(customer) R
payment num R
apply sub(applyLine)
credit sub(creditLine)
deposit sub(depositLine)
autoApply bool
account ref(account)
undepFunds enum(T|F)
arAcct ref(account)
currency ref(currency)
exchangeRate num
paymentOption ref(paymentMethod)
checkNumber str
externalId str
tranId str
tranDate date
postingPeriod ref(accountingPeriod)
subsidiary ref(subsidiary) =
class ref(classification) F
department ref(department) F
location ref(location) F
memo str
handlingMode enum(MIMIC|PROCESS|SAVE_ONLY)
toBeEmailed bool
applied num =
unapplied num =
pending num =
total num =
balance num =
status enum(A|B|C|R) =
createdDate dt =
lastModifiedDate dt =
str: cardSwipe debitKsn debitPinBlock deletionReasonMemo dynamicDescriptor id inputReferenceCode integrationId originator outputAuthCode
    outputReferenceCode paymentCardCsc paymentDeviceId refName transactionNumber
num: consolidateBalance paymentInstrumentLimit refundedAmountTotalBox
bool: cleared excludeFromGLNumbering
date: clearedDate prevDate
enum: paymentOperation
ref: cardholderAuthentication customForm customerPaymentAuthorization deletionReason nexus paymentProcessingProfile
    primaryBookBaseCurrency transactionToRefund
sub: accountingBookDetail appliedRules
"""

CUSTOMER_REFUND = """
customer ref(customer) R
account ref(account) R
paymentOption ref(paymentMethod) F
apply sub(applyLine)
deposit sub(depositLine)
arAcct ref(account)
currency ref(currency)
exchangeRate num
checkNumber str
externalId str
tranId str
tranDate date
postingPeriod ref(accountingPeriod)
subsidiary ref(subsidiary) =
class ref(classification) F
department ref(department) F
location ref(location) F
memo str
address str
payeeAddress rec(address)
toBePrinted bool
handlingMode enum(MIMIC|PROCESS|SAVE_ONLY)
total num =
balance num =
status enum(R|V) =
voidJournal ref(journalEntry) =
createdDate dt =
lastModifiedDate dt =
str: cardSwipe debitKsn debitPinBlock deletionReasonMemo dynamicDescriptor id inputReferenceCode integrationId outputAuthCode
    outputReferenceCode payeeAddress_text paymentCardCsc paymentDeviceId refName transactionNumber
num: consolidateBalance paymentInstrumentLimit
bool: cleared excludeFromGLNumbering
date: clearedDate prevDate
enum: paymentOperation
ref: cardholderAuthentication customForm customerPaymentAuthorization deletionReason nexus payeeAddressList paymentProcessingProfile
    primaryBookBaseCurrency transactionToRefund
sub: accountingBookDetail
"""

CUSTOMER_DEPOSIT = """
customer ref(customer) R
payment num R
account ref(account)
undepFunds enum(T|F)
currency ref(currency)
exchangeRate num
paymentOption ref(paymentMethod)
salesOrder ref(salesOrder)
checkNumber str
externalId str
tranId str
tranDate date
postingPeriod ref(accountingPeriod)
subsidiary ref(subsidiary) =
class ref(classification) F
department ref(department) F
location ref(location) F
memo str
handlingMode enum(MIMIC|PROCESS|SAVE_ONLY)
total num =
status enum(A|B|C|D|R) =
refundedAmountTotalBox num =
createdDate dt =
lastModifiedDate dt =
"""

DEPOSIT_APPLICATION = """
deposit ref(customerDeposit) =
customer ref(customer) =
apply sub(applyLine) R
externalId str
tranId str
tranDate date
postingPeriod ref(accountingPeriod)
memo str
arAcct ref(account)
currency ref(currency) =
exchangeRate num =
class ref(classification)
department ref(department)
location ref(location)
applied num =
unapplied num =
total num =
depositDate date =
status enum =
"""

JOURNAL_ENTRY = """
subsidiary ref(subsidiary) O
line sub(journalLine) R Journal lines
tranDate date
postingPeriod ref(accountingPeriod)
currency ref(currency)
exchangeRate num
tranId str
externalId str
memo str
class ref(classification)
department ref(department)
location ref(location)
approved bool F
approvalStatus enum(1|2|3|11) F
reversalDate date
reversalDefer bool
accountingBook ref(accountingBook)
isBookSpecific bool
toSubsidiary ref(subsidiary)
nexus ref(nexus)
taxDetailsOverride bool
taxPointDate date
isReversal bool =
reversalEntry str =
createdFrom ref(transaction) =
createdDate dt =
lastModifiedDate dt =
void bool =
"""

JOURNAL_LINE = """
line int
account ref(account) R
debit num
credit num
memo str
entity ref(customer) F
class ref(classification) F
department ref(department) F
location ref(location) F
startDate date
endDate date
schedule ref(list)
scheduleType enum(Amortization|RevRec)
revenueRecognitionRule ref(list)
eliminate bool
item ref(item)
taxCode ref(tax)
taxRate1 num
tax1Amt num
tax1Acct ref(account)
grossAmt num
str: amortizationType refName
num: baseGrossAmt creditTax debitTax lineTaxRate residual taxBasis totalAmount
bool: cleared
date: clearedDate
dt: lineCreatedDate lineLastModifiedDate
ref: giftCertCode lineTaxCode scheduleNum taxAccount
"""
