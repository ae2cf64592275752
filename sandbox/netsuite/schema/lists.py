"""Reference data: one property a line as `name type rule label`."""

CURRENCY = """
name str R
symbol str R
exchangeRate num
currencyPrecision int
displaySymbol str
isBaseCurrency bool =
isAnchorCurrency bool =
includeInFxRateUpdates bool
isInactive bool
externalId str
formatSample str =
overrideCurrencyFormat bool
lastModifiedDate dt =
"""

SUBSIDIARY = """
name str R
legalName str
fullName str =
parent ref(subsidiary)
country enum(@country) R
currency ref(currency) R
fiscalCalendar ref(list)
taxFiscalCalendar ref(list)
nexus sub(subsidiary.nexus)
taxRegistration sub(subsidiary.taxRegistration)
isElimination bool
isInactive bool
tranPrefix str
tranInternalPrefix str
federalIdNumber str
email str
url str
mainAddress rec(address)
shippingAddress rec(address)
returnAddress rec(address)
externalId str
lastModifiedDate dt =
"""

CLASSIFICATION = """
name str R
fullName str =
parent ref(classification)
subsidiary multi(subsidiary)
includeChildren bool
isInactive bool
externalId str
lastModifiedDate dt =
"""

TERM = """
name str R
daysUntilNetDue int
discountPercent num
daysUntilExpiry int
dateDriven bool
dayOfMonthNetDue int
dueNextMonthIfWithinDays int
dayDiscountExpires int
discountPercentDateDriven num
installment bool
recurrenceCount int
recurrenceFrequency str
repeatEvery int
splitEvenly bool
preferred bool
isInactive bool
externalId str
"""

ACCOUNT = """
acctName str R
acctNumber str F
acctType enum(@acctType) R
parent ref(account)
currency ref(currency) F
subsidiary multi(subsidiary) O
includeChildren bool
description str
legalName str
isInactive bool
isSummary bool
inventory bool
eliminate bool
revalue bool
generalRate enum(AVERAGE|CURRENT|HISTORICAL)
cashFlowRate enum(AVERAGE|CURRENT|HISTORICAL)
class ref(classification)
department ref(department)
location ref(location)
externalId str
balance num =
fullName str =
displayNameWithHierarchy str =
accountSearchDisplayName str =
sSpecAcct enum(@specialAccount) =
lastModifiedDate dt =
"""

PAYMENT_METHOD = """
name str R
methodType enum(@methodType)
account ref(account)
undepFunds enum(T|F)
isDebitCard bool
isOnline bool
isInactive bool
merchantAccounts multi(list)
externalId str
lastModifiedDate dt =
"""

SALES_TAX_ITEM = """
itemId str R
name str =
displayName str
description str
taxType ref(taxType) R
rate num
nexusCountry enum(@country)
state ref(list)
city str
county str
zip str
available enum(SALE|PURCHASE|BOTH)
effectiveFrom date
validUntil date
exempt bool
export bool
ecCode bool
reverseCharge bool
service bool
isDefault bool
isInactive bool
saleAccount ref(account)
purchaseAccount ref(account)
taxAccount ref(account)
taxAgency ref(vendor)
subsidiary multi(subsidiary)
parent ref(salesTaxItem)
externalId str
"""

DEPARTMENT = CLASSIFICATION.replace("ref(classification)", "ref(department)")

LOCATION = (
    CLASSIFICATION.replace("ref(classification)", "ref(location)")
    + """
mainAddress rec(address)
returnAddress rec(address)
locationType enum(1|2)
makeInventoryAvailable bool
timeZone str
tranPrefix str
latitude num
longitude num
"""
)

ACCOUNTING_PERIOD = """
periodName str R Period Name
startDate date R Start Date
endDate date R End Date
closed bool
arLocked bool
apLocked bool
allLocked bool
allowNonGLChanges bool
isAdjust bool
isPosting bool
isQuarter bool
isYear bool
parent ref(accountingPeriod)
externalId str
lastModifiedDate dt =
"""

TAX_SCHEDULE = """
name str R Name
description str
isInactive bool
externalId str
"""

REV_REC_TEMPLATE = """
name str R Name
amortizationType str
amortizationPeriod int
isInactive bool
externalId str
"""

PRICE_LEVEL = """
name str R Name
discountPct num
isOnline bool
isInactive bool
externalId str
"""
