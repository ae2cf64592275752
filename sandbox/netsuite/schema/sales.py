"""Documents with item lines: one property a line as `name type rule label`."""

INVOICE = """
entity ref(customer) R
item sub(transactionItem) R Items
externalId str
tranId str
tranDate date
postingPeriod ref(accountingPeriod)
dueDate date
terms ref(term)
currency ref(currency)
exchangeRate num
subsidiary ref(subsidiary) O
account ref(account)
class ref(classification) F
department ref(department) F
location ref(location) F
memo str
message str
otherRefNum str
email str
startDate date
endDate date
salesRep ref(employee)
billingAddress rec(address)
billAddressList ref(addressBook)
shippingAddress rec(address)
shipAddressList ref(addressBook)
createdFrom ref(transaction) =
approvalStatus enum(1|2|3|11) F
toBeEmailed bool
toBePrinted bool
toBeFaxed bool
discountItem ref(discountItem)
discountRate num
taxDetailsOverride bool
taxDetails sub(taxDetailLine)
taxPointDate date
taxRegOverride bool
nexus ref(nexus)
taxItem ref(tax)
taxRate num
isTaxable bool
subtotal num =
discountTotal num =
taxTotal num =
tax2Total num =
total num =
amountPaid num =
amountRemaining num =
deferredRevenue num =
recognizedRevenue num =
revenueStatus str =
revCommitStatus str =
status enum(A|B|D|E|V) =
transactionNumber str =
source str =
createdDate dt =
lastModifiedDate dt =
str: abbrevType billAddr1 billAddr2 billAddr3 billAddress billAddressee billAttention billCity billOverride billPhone billState billZip
    billingAddress_text contribPct defaultILBAShipAddrVal defaultILBAShippingAddressKey deletionReasonMemo entityTaxRegNum fax fob id
    linkedTrackingNumbers muccPromoCodeInstance oppcreatedfrom oppcreatedfromtitle originator paymentlink previousOpportunity
    promoCodePluginImpl refName revCommitStatusDescr revenueStatusDescr saleschannelorderpriority shipAddress shippingAddress_text
    storeOrder subsidiaryTaxRegNum thirdPartyAcct trackingNumbers vatRegNum webSite
num: altHandlingCost altShippingCost amountRemainingTotalBox discountAmount estGrossProfit estGrossProfitPercent expCostDiscAmount
    expCostDiscRate expCostDiscTax1Amt expCostTaxRate1 expCostTaxRate2 giftCertApplied handlingCost handlingTax1Rate handlingTax2Rate
    handlingTaxAmount itemCostDiscAmount itemCostDiscRate itemCostDiscTax1Amt itemCostTaxRate1 itemCostTaxRate2 shippingCost
    shippingTax1Rate shippingTax2Rate shippingTaxAmount timeDiscAmount timeDiscRate timeDiscTax1Amt timeTaxRate1 timeTaxRate2
    totalAfterTaxes totalCostEstimate
int: defaultILShipMethKey estimate number predictedOverdueDays prevPartner prevRep
bool: canHaveStackable excludeCommission excludeFromGLNumbering expCostDiscPrint expCostDiscTaxable forInvoiceGrouping isMultiShipTo
    itemCostDiscPrint itemCostDiscTaxable overrideInstallments recurringBill revRecOnRevCommitment sendOrderFulfillmentEmail
    shipIsResidential shipOverride shippingCostOverridden syncPartnerTeams syncSalesTeams taxPointDateOverride timeDiscPrint
    timeDiscTaxable tranIsVsoeBundle vsoeAutoCalc
date: asOfDate discountDate predictedPaymentDate predictedPaymentDateLastUpdated prevDate saasCommitmentEndDate saasCommitmentStartDate
    salesEffectiveDate shipDate userEstimatedPaymentDate
enum: billCountry intercoStatus predictedPaymentDateAvailability sourceSystem type userEstimateSource whichChargesToAdd
ref: billingAccount bulkProcSubmission couponCode customForm deletionReason expCostDiscount expCostTaxCode groupedTo handlingTaxCode
    intercoTransaction itemCostDiscount itemCostTaxCode job leadSource messageSel nextApprover opportunity partner
    primaryBookBaseCurrency promoCode salesChannel salesGroup shipMethod shippingTaxCode sourceWebSite timeDiscount timeTaxCode
sub: accountingBookDetail appliedRules expCost giftCertRedemption installment itemCost partners promotions salesTeam shipGroup time
"""

TRANSACTION_ITEM = """
line int
item ref(item) R
quantity num
rate num
amount num
price ref(priceLevel)
description str
units str
class ref(classification)
department ref(department)
location ref(location)
job ref(job)
account ref(account) =
taxCode ref(tax)
taxRate1 num
taxRate2 num
tax1Amt num
taxAmount num =
taxDetailsReference str
isTaxable bool
grossAmt num
revRecSchedule ref(revRecTemplate)
revRecStartDate date
revRecEndDate date
revRecTermInMonths int
deferRevRec bool
doNotCreateRevenueElement bool
catchUpPeriod ref(accountingPeriod)
orderDoc ref(transaction) =
orderLine int
subscription ref(subscription)
subscriptionLine ref(subscriptionLine)
itemType str =
lineUniqueKey str =
quantityRemaining num =
str: binNumbers giftCertFrom giftCertMessage giftCertNumber giftCertRecipientEmail giftCertRecipientName initOqpBucket licenseCode
    matrixType options oqpBucket rateSchedule refName revrec_recurrencetype secondaryUnits secondaryUnitsList serialNumbers
num: amountOrdered baseGrossAmt costEstimate costEstimateRate currentPercent estGrossProfit estGrossProfitPercent lastPurchasePrice
    minQty primaryToSecondaryUnitConversionRate quantityAllocated quantityAvailable quantityBackOrdered quantityBilled quantityCommitted
    quantityDemandAllocated quantityFulfilled quantityOnHand quantityOrdered quantityPacked quantityPicked quantityReceived
    quantityRemainingDisplay rateIncludingTax secondaryQuantity secondaryUnitConversionRate vsoeAllocation vsoeAmount vsoePrice
int: shipGroup uniqueKey
bool: excludeFromRateRequest isCatchWeightItem isClosed isDropShipment isOpen itemIsFulfilled linked marginal printItems
    processedByRevCommit vsoeDelivered vsoeIsEstimate
date: expirationDate
enum: billVarianceStatus costEstimateType itemFulfillmentChoice itemSubtype shipCarrier vsoeDeferral vsoePermitDiscount vsoeSOPGroup
ref: chargeType shipAddress shipMethod subsidiary
rec: inventoryDetail
"""

TAX_DETAIL_LINE = """
taxDetailsReference ref(line) R
taxType str R
taxCode ref(salesTaxItem) R
taxBasis num R
taxRate num R
taxAmount num R
calcDetail str
lineName str =
lineType str =
netAmount num =
"""

CREDIT_MEMO = """
entity ref(customer) R
item sub(transactionItem) R Items
apply sub(applyLine)
autoApply bool
account ref(account)
createdFrom ref(transaction)
applied num =
unapplied num =
amountPaid num =
amountRemaining num =
total num =
salesReturn str =
status enum(A|B|V) =
externalId str
tranId str
tranDate date
postingPeriod ref(accountingPeriod)
currency ref(currency)
exchangeRate num
subsidiary ref(subsidiary) O
class ref(classification) F
department ref(department) F
location ref(location) F
memo str
otherRefNum str
terms ref(term)
taxDetailsOverride bool
taxDetails sub(taxDetailLine)
createdDate dt =
lastModifiedDate dt =
"""

SALES_ORDER = """
entity ref(customer) R
item sub(transactionItem) R Items
orderStatus enum(A|B)
tranDate date
tranId str
externalId str
startDate date
endDate date
currency ref(currency)
exchangeRate num
subsidiary ref(subsidiary) O
terms ref(term)
otherRefNum str
memo str
location ref(location) F
class ref(classification) F
department ref(department) F
billingSchedule ref(billingSchedule)
shipComplete bool
nextBill date =
paymentOption ref(paymentMethod)
oneTime num =
recurMonthly num =
recurQuarterly num =
recurAnnually num =
recurWeekly num =
amountDeposited num =
total num =
subtotal num =
taxTotal num =
status enum(A|B|C|D|E|F|G|H) =
createdDate dt =
lastModifiedDate dt =
"""
